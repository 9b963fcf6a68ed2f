"""SP-API's payloads as pydantic models, a module a section; they import nothing else of ours."""
