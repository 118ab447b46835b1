"""Self-supervised pretraining: masking, hard patches, tree contrast, curriculum, the loop with exact resume."""
