"""Languages: the catalogues of everything that is shown, one folder each."""
