"""Workers: turns, deliveries, timers."""
