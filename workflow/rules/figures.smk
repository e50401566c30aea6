# rules of the stage figures
FIGURE_FILES = []
