"""Native ingest: lines whose members are named as fields in Discover; see `docs/reference/native-ingest.md`."""
