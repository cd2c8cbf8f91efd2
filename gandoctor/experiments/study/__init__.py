"""Study: train a target with one changed parameter at a time, each with several seeds; finished runs are kept."""
