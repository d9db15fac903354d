"""The documents of the API as pydantic models: what comes in is checked by them, what goes out is described by them."""
