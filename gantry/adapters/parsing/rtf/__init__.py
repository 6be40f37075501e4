"""RTF: ``words`` knows what its control words stand for, ``document`` reads a file."""
