"""The first five minutes: where to send events, in the reader's language, and a light that turns green."""
