"""The live stream: ultrasound frames in over OpenIGTLink, for each what it shows, where the target lies, what to do."""
