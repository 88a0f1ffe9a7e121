import os

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # tests run in as many processes as there are cores
    os.environ.setdefault(variable, "1")
