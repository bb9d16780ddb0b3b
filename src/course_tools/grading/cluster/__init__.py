"""A class on the workers of a dask cluster: what reaches them, what they must pass, what stays."""
