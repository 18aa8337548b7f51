"""What the templates of a pipeline refer to elsewhere: fetched once, pinned by its digest, kept."""
