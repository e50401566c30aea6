# rules of the stage networks
