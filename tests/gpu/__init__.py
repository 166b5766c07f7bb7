"""One run on a GPU: is it right, how fast is it, what does it do when it breaks (`make gpu-check`)."""
