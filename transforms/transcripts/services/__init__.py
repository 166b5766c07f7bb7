"""The JSON of speech services, a module a service."""
