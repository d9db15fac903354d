"""The metadata store by subject; `engine.metadata.MetadataStore` is all of them together."""
