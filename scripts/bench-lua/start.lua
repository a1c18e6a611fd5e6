print(require "perigee".seconds())
