"""What maintains Mainspring itself: trials of its gates, and builders of its pages. Not part of the wheel."""
