# rules of the stage simulate
