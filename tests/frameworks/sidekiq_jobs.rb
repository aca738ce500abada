# frozen_string_literal: true

# What sidekiq_jobs.py runs: as a worker, by `sidekiq -r`, and as a client, by `ruby FILE COUNT`.
require 'json'
require 'sidekiq'
require 'sidekiq/api'

Redis.silence_deprecations = true
redis = { url: ENV.fetch('FRAMEWORKS_URL') }
Sidekiq.configure_client { |config| config.redis = redis }
Sidekiq.configure_server do |config|
  config.redis = redis
  # Looks for jobs for later this often, in seconds.
  config.options[:poll_interval_average] = 1
  config.on(:startup) { warn 'the worker is ready' }
end

# A job that notes that it ran.
class Note
  include Sidekiq::Worker
  sidekiq_options retry: 0

  def perform(job)
    File.write(ENV.fetch('FRAMEWORKS_RAN'), "#{job}\n", mode: 'a')
  end
end

# A page that a user of the application sees, read over a connection of its own.
class Pages
  def initialize
    @redis = ConnectionPool.new(size: 1) { Redis.new(url: ENV.fetch('FRAMEWORKS_URL')) }
  end

  def read
    mine = Sidekiq.instance_variable_get(:@redis)
    Sidekiq.instance_variable_set(:@redis, @redis)
    yield
  ensure
    Sidekiq.instance_variable_set(:@redis, mine)
  end
end

# Prints what it expected and found, a line of JSON each.
def equal(what, wanted, found)
  puts JSON.generate([what, wanted, found])
end

def enqueue(count, pages)
  count.times do |job|
    Note.perform_async(job)
    Note.perform_in(1, "soon-#{job}")
    sleep 0.02
  end
  # A queue without a worker, and its page.
  count.times do |job|
    id = Note.set(queue: 'paused').perform_async("paused-#{job}")
    equal('new job is listed', true, pages.read { !Sidekiq::Queue.new('paused').find_job(id).nil? })
    equal('queue has its size', 1, pages.read { Sidekiq::Queue.new('paused').size })
    Sidekiq::Queue.new('paused').find_job(id)&.delete
    equal('deleted job is gone', 0, pages.read { Sidekiq::Queue.new('paused').size })
  end
end

def postpone(count, pages)
  count.times do |job|
    id = Note.perform_in(3600, "late-#{job}")
    found = pages.read { Sidekiq::ScheduledSet.new.find_job(id) }
    equal('job for later is listed', id, found&.jid)
    # The page's button takes it back.
    equal('job for later is deleted', true, found&.delete ? true : false)
    equal('deleted job for later is gone', nil,
          pages.read { Sidekiq::ScheduledSet.new.find_job(id)&.jid })
  end
end

if $PROGRAM_NAME == __FILE__
  count = Integer(ARGV.fetch(0))
  pages = Pages.new
  enqueue(count, pages)
  postpone(count, pages)
end
