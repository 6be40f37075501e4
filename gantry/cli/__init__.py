"""The command line. Nothing is imported here: ``verify`` has to work where no packages are installed."""
