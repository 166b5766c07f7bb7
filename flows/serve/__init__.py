"""What Prefect has to do with it all: flows, deployments, the server and its gate, the runner."""
