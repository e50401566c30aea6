# rules of the stage review
