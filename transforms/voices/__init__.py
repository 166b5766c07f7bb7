"""Voices across episodes: how one sounds, and whether it is somebody who was heard before."""
