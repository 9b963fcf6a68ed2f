"""Amazon's side of the sandbox: Login with Amazon, SP-API, and the store of its documents."""
