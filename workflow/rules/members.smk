# members: several trainings of CNN-SPT as one model; part of the workflow where scm.spt_members is two or more

MEMBERS = [f"<results>/models/spt/members/{member}" for member in range(config["scm"]["spt_members"])]


ruleorder: join_members > train


use rule train as train_member with:
    output:
        model="<results>/models/{task}/members/{member}/model.json",
        weights="<results>/models/{task}/members/{member}/weights.safetensors",
        history="<results>/models/{task}/members/{member}/history.csv",
        validation="<results>/models/{task}/members/{member}/validation.parquet",
    log:
        "<logs>/train_member/{task}_{member}.log",
    benchmark:
        "<benchmarks>/train_member/{task}_{member}.tsv"
    wildcard_constraints:
        task="spt",
        member=r"\d",
    message:
        "train CNN {wildcards.task}, number {wildcards.member}"


rule join_members:
    input:
        models=expand("{folder}/model.json", folder=MEMBERS),
        weights=expand("{folder}/weights.safetensors", folder=MEMBERS),
        history=expand("{folder}/history.csv", folder=MEMBERS),
        validation=expand("{folder}/validation.parquet", folder=MEMBERS),
    output:
        model="<results>/models/spt/model.json",
        weights="<results>/models/spt/weights.safetensors",
        history="<results>/models/spt/history.csv",
        validation="<results>/models/spt/validation.parquet",
    log:
        "<logs>/join_members.log",
    benchmark:
        "<benchmarks>/join_members.tsv"
    message:
        "the members of CNN-SPT as one model"
    script:
        "../scripts/join_members.py"
