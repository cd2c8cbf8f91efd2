"""In Jupyter and Colab: `%load_ext gandoctor` records what is trained in the kernel and shows it in the cell."""
