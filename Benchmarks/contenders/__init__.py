# SPDX-License-Identifier: Apache-2.0
"""What a user could do today in Python, one library a file, each as well as that library allows."""
