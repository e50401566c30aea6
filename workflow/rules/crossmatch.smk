# rules of the stage crossmatch
