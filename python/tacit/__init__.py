"""Training, conversion and export of the models that tacit runs. Python writes files; C reads."""
