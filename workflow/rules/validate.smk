# rules of the stage validate
VALIDATION_FILES = []
