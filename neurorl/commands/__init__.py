"""The commands of the command line, a file each: ``add`` declares its arguments, ``run`` reads them and prints."""
