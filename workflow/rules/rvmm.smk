# rules of the stage rvmm
