"""pyannote.audio's pipelines: in little memory, with CAM++ for the voices, from checkpoints as data."""
