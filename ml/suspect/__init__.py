"""Which commit may have caused an error: files of frames, and a ranking of the commits that touched them."""
