"""The language described for editors and people, made from the tables that the reader reads with."""
