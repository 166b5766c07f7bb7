"""The commands of `turntable`, a module for each thing that people do. No logic: parse, call, print."""
