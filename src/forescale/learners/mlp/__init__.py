"""Networks pre-trained on computed and fine-tuned on measured values (the published recipe)."""
