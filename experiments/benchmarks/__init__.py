"""Speed, always as ratios within one run on one pinned core."""
