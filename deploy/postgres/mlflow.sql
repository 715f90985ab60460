-- MLflow's records apart from the scores: they are backed up together and upgraded each for itself.
CREATE DATABASE mlflow;
