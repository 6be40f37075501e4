"""Reading files, each in a process of its own: ``process`` starts it, ``child`` is what runs in it."""
