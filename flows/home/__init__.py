"""The folder where everything is kept: which it is, what lies in it, who may read it, what time it has."""
