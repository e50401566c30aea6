# rules of the stage scm
