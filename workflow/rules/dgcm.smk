# rules of the stage dgcm
