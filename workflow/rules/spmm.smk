# rules of the stage spmm
