# what jobs ask of a cluster; what a rule leaves out is given by the profile's default-resources

from mstars.ops.job_requests import memory, minutes


def gpus(stage):
    """GPUs a job of this stage asks for: ``resources.gpu`` of the config (0: none is requested)."""
    return config["resources"]["gpu"][stage]
