# rules of the stage ingest
