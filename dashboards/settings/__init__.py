"""Settings: the documents of the API as pages, and forms that write through the API."""
