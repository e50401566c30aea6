# rules of the stage templates
