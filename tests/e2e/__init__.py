"""The real command line, config file and state file against the sandbox, over HTTP."""
