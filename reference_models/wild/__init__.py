"""Small programs with real bugs, each rebuilt from a public report; `catalogue.toml` says what is wrong with which.

gandoctor benchmark --corpus wild --half building

The programs lie in one folder a kind. They are strangers' programs: nothing in them knows of gandoctor, and none is
imported. `data` and `networks` hold what several of them use.
"""
