using System.Text;

namespace Utp.Tool.Tests.Harness;

/// <summary>What a command writes, as lines that a test can wait for.</summary>
internal sealed class LineBuffer
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly StringBuilder _unfinished = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string[] Lines
    {
        get
        {
            lock (_lock)
            {
                return _unfinished.Length == 0 ? [.. _lines] : [.. _lines, _unfinished.ToString()];
            }
        }
    }

    public void Append(string text)
    {
        lock (_lock)
        {
            foreach (var character in text)
            {
                if (character == '\n')
                {
                    _lines.Add(_unfinished.ToString().TrimEnd('\r'));
                    _unfinished.Clear();
                }
                else
                {
                    _unfinished.Append(character);
                }
            }

            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async Task<string> WaitForAsync(string part, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_lines.FirstOrDefault(line => line.Contains(part, StringComparison.Ordinal)) is { } found)
                {
                    return found;
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Waited for a line with '{part}'. Lines: {string.Join(" | ", Lines)}");
            }
        }
    }
}
