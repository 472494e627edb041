namespace Utp.Tool.Files;

/// <summary>Told of the files of a transfer, one after the other.</summary>
internal interface ITransferProgress
{
    void Begin(string name, long size, UtpStream stream);

    void Advance(int bytes);

    /// <summary>Ends the file that was begun; nothing when there is none.</summary>
    void End(bool succeeded);
}
