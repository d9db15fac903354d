"""One module for each area of the settings: documents in, a component tree out."""
